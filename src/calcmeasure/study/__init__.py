"""The study behind one cohort table: its flow of patients, tables 1 to 5 and the numbers of every figure."""
