"""Feeds: RSS of all versions, RDF, Atom and JSON Feed, well-formed or not, into the Entries that they hold."""
