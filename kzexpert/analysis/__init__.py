"""What an inference tells beyond its conclusions; each module answers one kind of question."""
