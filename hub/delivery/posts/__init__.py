"""Events posted to subscribers: webhooks, in order within a subject."""
