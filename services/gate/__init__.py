"""The only way to act: verify, ask the policy, wait for a person, act once, keep the receipt.

gate             moves proposals on, one durable step at a time; `watching` sees to it that it does
steps            what each step does
verifier         the rules of a verification; `risk` assesses, `evidence` looks up what is cited
policy           what may be done at all
shown            what a person must see
actuators        what carries out which tool
file_actuator    appends lines; `folder`, `place`, `line` and `intent` keep it to that, once each
reply_actuator   answers questions, which `asked` looks up
doing            an action with what carries it out
kin              who descends from whom; `by_id` what is cited by id
settings         tools and policy, from `perpetua.toml`
"""
