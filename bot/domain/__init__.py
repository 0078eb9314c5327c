"""Values that need no machines: enumerations, answers, requests, results of jobs, messages."""
