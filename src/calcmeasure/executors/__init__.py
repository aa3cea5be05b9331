"""Where work is done: processes of this machine, or a Dask cluster; the same results from either."""
