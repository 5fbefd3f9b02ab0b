"""The only way to act: verify, ask the policy, wait for a person, act once, keep the receipt."""
