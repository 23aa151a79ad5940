from chalicelib.api.operations import get, list_dead_jobs, retry_dead_job

ENDPOINTS = (get, list_dead_jobs, retry_dead_job)
