# The command itself: every subcommand, what it prints, and how it fails.
syncline_e2e(cli_arguments)
syncline_e2e(cli_bench)
syncline_e2e(cli_objects)
syncline_e2e(cli_hub)
syncline_e2e(cli_demo)
syncline_e2e(cli_engine)
