"""Payment providers: who takes money for us, each behind the same few calls; no rows, no clock."""
