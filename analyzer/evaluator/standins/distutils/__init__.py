"""Gone from Python since 3.12; packages still compare versions with it."""
