"""Every file of `examples/`, rung by the people that it is for."""
