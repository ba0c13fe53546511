"""The screens of this app."""

from protoadmin.dashboard.reports.admin import ReportAdmin as ReportAdmin
