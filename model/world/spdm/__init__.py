"""SPDM connections and sessions: phases, heartbeat, key update, ownership of the mailbox, and what ends with a session."""
