"""What the accuracy benchmarks of calcifications and of lesions share: suites, answers kept on disk, options."""
