"""The staff's pages about tickets."""

from support.admin.canned_replies import CannedReplyAdmin
from support.admin.departments import DepartmentAdmin
from support.admin.tickets import TicketAdmin

__all__ = ["CannedReplyAdmin", "DepartmentAdmin", "TicketAdmin"]
