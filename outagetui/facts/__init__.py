"""What holds: samples judged, the journal folded. Pure."""
