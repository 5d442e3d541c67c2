"""The staff's pages about leads."""

from crm.admin.leads import LeadAdmin

__all__ = ["LeadAdmin"]
