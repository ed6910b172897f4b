"""What a conclusion rests on: answers, the proof document, its differences, its checker."""
