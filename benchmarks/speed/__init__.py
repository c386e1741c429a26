"""How long one numeric evaluation takes, and how much memory, against torchinfo on the same model in the same run."""
