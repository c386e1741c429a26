"""Programs that list the models of a package by asking the package itself; run as processes of their own."""
