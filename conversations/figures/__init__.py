"""The figures of the reports: counted chat by chat by a worker, summed by quarters of an hour, read by the pages."""
