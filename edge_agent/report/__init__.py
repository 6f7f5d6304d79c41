"""The report: what the shelf lost and sold over days, from tallies that add up."""
