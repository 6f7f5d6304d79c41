"""Pages to keep, send and print: one file each, without network, scripts or fonts of their own."""
