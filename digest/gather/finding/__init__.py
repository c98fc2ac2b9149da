"""Finding Sources: what a site offers, and the lists of feeds that readers exchange."""
