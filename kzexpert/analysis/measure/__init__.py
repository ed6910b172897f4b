"""Judgements held against what turned out: how often they are right, and what certainties and rules are worth."""
