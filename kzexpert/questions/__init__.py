"""Sentences and questions: templates in both directions. It concludes nothing."""
