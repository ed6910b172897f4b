"""What reviewers said of judgements: the files of ``reviews/``, and which of them no longer hold as signed."""
