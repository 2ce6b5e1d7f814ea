"""Events for subscribers: the feed, subscriptions, signatures, and where they may be sent."""
