// Servicing
