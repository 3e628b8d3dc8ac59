"""The lifecycle: session, stream, bind, start, acceptance, gates, traffic and teardown; a call and its answer are one step."""
