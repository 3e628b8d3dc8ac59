"""What is shown on a terminal, as rich renderables. Nothing else imports rich, so that nobody waits for it who does not see it."""
