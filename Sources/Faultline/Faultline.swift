// Faultline
