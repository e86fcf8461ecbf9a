from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime

import numpy as np

from regx.store.about import about, git_commit, now


def test_about_says_where_a_run_comes_from():
    said = about(task="binary", data_fingerprint="ab", digest="1a2b3c4d", command=["regx", "run", "x.yaml"])
    assert said["versions"]["numpy"] == np.__version__
    assert said["command"] == ["regx", "run", "x.yaml"]
    assert said["peek"] is False
    assert json.loads(json.dumps(said)) == said


def test_the_commit_of_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit() is None
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    assert len(git_commit()) == 40
    monkeypatch.setenv("PATH", "")
    assert git_commit() is None


def test_times_are_in_utc():
    assert abs((datetime.now(UTC) - datetime.fromisoformat(now())).total_seconds()) < 5
    assert now().endswith("+00:00")
