"""Files, what they say made them, and how a process ends. It imports no other room."""
