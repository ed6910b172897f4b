"""Values → text: pure functions, one module for each format. They print nothing, open nothing and decide nothing."""
