"""The command line: every act of the product, alone and scriptable. A file per noun."""
