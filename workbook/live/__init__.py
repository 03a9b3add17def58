"""The live view: a panel in JupyterLab that shows a running pipeline and changes its mapping.

from workbook import live

panel = live.Panel(aws)
panel
"""

from workbook.live.panel import Panel
from workbook.live.sampler import NoPipelineError

__all__ = ["NoPipelineError", "Panel"]
