// EvidenceSynthesis
