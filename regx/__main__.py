"""`python -m regx` is `regx`."""

from regx.cli.app import main

if __name__ == "__main__":
    main()
