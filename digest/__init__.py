"""The paper: gathers the day's articles, ranks them, lays them out and brings them to the door."""
