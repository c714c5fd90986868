"""What drivers do over REST: register, see and change what is their own, charge."""
