"""What the guest knows before it accepts: certificates, measurements, report, nonces, verifiers, the guest's checks, drivers and secrets."""
