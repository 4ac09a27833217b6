"""What people see: the widget, the demo shop, the desk. Templates, plain ES modules, wording."""
