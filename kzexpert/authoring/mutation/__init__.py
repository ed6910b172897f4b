"""Are the cases good tests? Each rule is changed in one place after the other, and a case must fail each time."""
