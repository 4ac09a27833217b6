"""`tenin add`: writes what trainers add into the right files, in the house's form.

A sheet (`sheet`) holds what is to be added, from options, from a file or asked for. `example`,
`answer`, `need` and `language` make of it the changes of the files (`tenin.training.writing`), by
the parts that `parts` knows; `commands` asks, writes, and runs the check.
"""
