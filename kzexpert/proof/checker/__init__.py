"""The checker of traces: small, naive, and independent of every engine, so that a trace need not be taken on trust."""

from kzexpert.proof.checker.verification import Checker, Verification

__all__ = ["Checker", "Verification"]
