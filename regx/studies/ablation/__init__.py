"""What each member of a stack does, alone and with the others."""
