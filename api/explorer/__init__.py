"""The pages for people: templates, the assets they load, and the words and code they show. They ask only the public API."""
