"""Customer logistics, measured: the process chart, the seven rights and the survey."""
