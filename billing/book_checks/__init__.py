"""Proof that the books are right: everything stored is computed again and compared.

Each check yields sentences about what is off, the first row first, and yields nothing when all
is well. They read and never write.
"""

from billing.book_checks.closed_years import (
    closed_years_are_locked,
    closed_years_leave_nothing,
    earnings_are_retained,
)
from billing.book_checks.credit_notes import credit_notes_add_up
from billing.book_checks.currencies import (
    documents_are_worth_what_they_say,
    exchange_differences_come_from_rates,
    receivables_are_cleared,
    transfers_are_worth_the_same_on_both_sides,
)
from billing.book_checks.documents import (
    documents_add_up,
    invoices_are_paid_by_allocations,
    invoices_are_written_off_as_said,
    payments_add_up,
    transactions_add_up,
)
from billing.book_checks.findings import Check
from billing.book_checks.journal import (
    accounts_hold_their_postings,
    credit_is_unallocated_payments,
    entries_balance,
    postings_follow_entries,
    receivables_are_open_invoices,
)
from billing.book_checks.numbers import imported_numbers_are_none_of_ours, numbers_have_no_gap
from billing.book_checks.posted import (
    allocations_are_booked_when_they_say,
    documents_are_posted,
    entries_have_documents,
    entries_say_what_documents_say,
    payments_move_cash_when_they_say,
    reversals_are_dated_as_said,
    tax_is_posted_by_rate,
    transfers_move_what_they_say,
)

CHECKS: tuple[Check, ...] = (
    entries_balance,
    postings_follow_entries,
    accounts_hold_their_postings,
    documents_add_up,
    invoices_are_paid_by_allocations,
    invoices_are_written_off_as_said,
    payments_add_up,
    credit_notes_add_up,
    transactions_add_up,
    documents_are_posted,
    tax_is_posted_by_rate,
    entries_have_documents,
    entries_say_what_documents_say,
    transfers_move_what_they_say,
    payments_move_cash_when_they_say,
    allocations_are_booked_when_they_say,
    reversals_are_dated_as_said,
    documents_are_worth_what_they_say,
    transfers_are_worth_the_same_on_both_sides,
    receivables_are_cleared,
    exchange_differences_come_from_rates,
    receivables_are_open_invoices,
    credit_is_unallocated_payments,
    closed_years_leave_nothing,
    earnings_are_retained,
    closed_years_are_locked,
    numbers_have_no_gap,
    imported_numbers_are_none_of_ours,
)
