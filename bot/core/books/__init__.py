"""Proof: receipts and the sum done again, differences explained, adjustments, exports."""
